import type { Locator } from 'playwright';

/** The part of HTMLInputElement and its like that says whether the form may be sent. */
interface FormField {
  name: string;
  willValidate: boolean;
  validity: { valid: boolean };
  validationMessage: string;
}

/**
 * The fault that the browser sees in a button's form: a click does not send it then, and no answer would ever come.
 *
 * @returns the field with the browser's words, undefined when the form can be sent
 */
export function findFault(button: Locator): Promise<string | undefined> {
  return button.evaluate((element) => {
    const { form, formNoValidate } = element as {
      form?: { noValidate: boolean; elements: Iterable<FormField> } | null;
      formNoValidate?: boolean;
    };
    if (!form || form.noValidate || formNoValidate) return undefined;
    const field = [...form.elements].find((control) => control.willValidate && !control.validity.valid);
    return field && `${field.name}: ${field.validationMessage}`;
  });
}
