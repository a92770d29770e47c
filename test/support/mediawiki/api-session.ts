// Its shape depends on what was asked, and only tests read it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ApiAnswer = Record<string, any>;

/** Calls a wiki's `api.php`; the cookies that it sets are kept for the next call, as a sign-in needs. */
export type ApiSession = (parameters: Record<string, string>) => Promise<ApiAnswer>;

/** @throws Error when the wiki answers with an error, in the API's words */
export function openApiSession(wikiUrl: string): ApiSession {
  const cookies = new Map<string, string>();
  return async (parameters) => {
    const response = await fetch(`${wikiUrl}/api.php`, {
      method: 'POST',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      body: new URLSearchParams({ format: 'json', formatversion: '2', ...parameters }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const answer = (await response.json()) as ApiAnswer;
    if (answer.error) throw new Error(`MediaWiki refused: ${answer.error.info}`);
    return answer;
  };
}

/** What the API says of a wrong password or an unknown name, and of a name that can't be one. */
const refusals = ['wrongpassword', 'authmanager-authn-no-primary'];

/**
 * Signs a session in.
 * @returns whether the wiki took name and password
 * @throws Error when the wiki wouldn't even look, because of too many wrong tries or of a human check
 */
export async function signIn(api: ApiSession, username: string, password: string): Promise<boolean> {
  const { query } = await api({ action: 'query', meta: 'tokens', type: 'login' });
  const { clientlogin } = await api({
    action: 'clientlogin',
    username,
    password,
    logintoken: query.tokens.logintoken,
    loginreturnurl: 'http://127.0.0.1/',
  });
  if (clientlogin.status === 'PASS') return true;
  if (refusals.includes(clientlogin.messagecode)) return false;
  throw new Error(`MediaWiki did not check the password: ${clientlogin.message}`);
}
