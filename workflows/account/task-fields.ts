import type { MailTask, StepTask } from '../../contracts/step-results.ts';

/** What a mail step needs of a task: it is given nothing else, since all that an activity is given is kept in the history. */
export function mailFields({ email, app_password, pass_mail }: MailTask): MailTask {
  return { email, app_password, pass_mail };
}

/** What a browser step needs of a task that works on the account alone. */
export function accountFields(task: StepTask): StepTask {
  const { id, domain, email, username, password, twofa, pass_mail, app_password, first_name, last_name, phone } = task;
  return {
    id,
    domain,
    email,
    username,
    password,
    twofa,
    pass_mail,
    app_password,
    ...(first_name !== undefined && { first_name }),
    ...(last_name !== undefined && { last_name }),
    ...(phone !== undefined && { phone }),
  };
}
