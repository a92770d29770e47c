export interface MediaWikiOptions {
  /** Where the wiki hands in its mail, in plain SMTP. Without it, the wiki has no e-mail at all. */
  smtp?: { host: string; port: number };
  /** Only who confirmed an address may edit; the sign-up form then requires one. */
  confirmToEdit?: boolean;
  /** How many accounts one address may make in a day; default any number. */
  accountsPerDay?: number;
  /**
   * ConfirmEdit asks new accounts, and edits that add a link to another site: a sum (`simple`), or a question whose
   * answer is `blue` (`questy`).
   */
  humanCheck?: 'simple' | 'questy';
  /** OATHAuth asks the accounts that have an authenticator for its code. */
  authenticators?: boolean;
  /** More settings, in PHP. */
  php?: string;
}

/** The address that the wiki's mails come from. */
export const mailFrom = 'wiki@wiki.test';

const captchas = {
  simple: `wfLoadExtension( 'ConfirmEdit' );`,
  questy: `wfLoadExtensions( [ 'ConfirmEdit', 'ConfirmEdit/QuestyCaptcha' ] );
$wgCaptchaQuestions = [ 'What colour is the sky on a clear day?' => 'blue' ];`,
};

/** What is added, in PHP, to the settings that MediaWiki's installer wrote. */
export function extraSettings(folder: string, options: MediaWikiOptions): string {
  const { smtp, confirmToEdit = false, accountsPerDay, humanCheck, authenticators, php } = options;
  const lines = [
    // The port is known only once the server listens, and the installer runs before.
    `$wgServer = 'http://' . ( $_SERVER['HTTP_HOST'] ?? '127.0.0.1' );`,
    `$wgCacheDirectory = $wgTmpDirectory = '${folder}';`,
    `$wgEnableEmail = ${smtp !== undefined};`,
    `$wgPasswordSender = $wgEmergencyContact = '${mailFrom}';`,
    `$wgEmailConfirmToEdit = ${confirmToEdit};`,
    `$wgShowExceptionDetails = true;`,
    // The wiki's throttles count here; the installer leaves it out where PHP has no APCu.
    `$wgMainCacheType = CACHE_DB;`,
  ];
  if (smtp) lines.push(`$wgSMTP = [ 'host' => '${smtp.host}', 'port' => ${smtp.port}, 'auth' => false ];`);
  if (accountsPerDay !== undefined) {
    lines.push(`$wgAccountCreationThrottle = [ [ 'count' => ${accountsPerDay}, 'seconds' => 86400 ] ];`);
  }
  if (humanCheck) lines.push(captchas[humanCheck]);
  if (authenticators) lines.push(`wfLoadExtension( 'OATHAuth' );`);
  if (php) lines.push(php);
  return `\n${lines.join('\n')}\n`;
}
