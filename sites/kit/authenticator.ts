import { makeTotp } from './totp.ts';

/** The account's authenticator during one step: sites take each code once. */
export class Authenticator {
  readonly #secret: string;
  #lastCode: string | undefined;

  /** @param secret base32, or empty when the account has none */
  constructor(secret: string) {
    this.#secret = secret;
  }

  get hasSecret(): boolean {
    return this.#secret !== '';
  }

  /** A code that is good for as long as a form takes, and that was not given before. @throws Error when the secret is no base32 */
  async nextCode(signal: AbortSignal): Promise<string> {
    this.#lastCode = await makeTotp(this.#secret, signal, this.#lastCode);
    return this.#lastCode;
  }
}
