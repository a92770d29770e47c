import { sendmailPath } from '../sendmail.ts';

export interface WordPressOptions {
  /** Where the site hands in its mail, in plain SMTP. */
  smtp: { host: string; port: number };
}

/** The address that the site's mails come from. */
export const mailFrom = 'wordpress@blog.test';

/** The site's wp-config.php. */
export function writeConfig(socket: string): string {
  return `<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:${socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
// The port is known only once the server listens, and the installation runs before.
define( 'WP_HOME', 'http://' . ( $_SERVER['HTTP_HOST'] ?? '127.0.0.1' ) );
define( 'WP_SITEURL', WP_HOME );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISABLE_WP_CRON', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', __DIR__ . '/debug.log' );
define( 'FS_METHOD', 'direct' );
$table_prefix = 'wp_';
require_once __DIR__ . '/wp-settings.php';
`;
}

/** What every site of ours has on top of WordPress, as a must-use plugin. */
export const ownPlugin = `<?php
add_filter( 'wp_mail_from', fn () => '${mailFrom}' );
// The administrator has no mailbox.
add_filter( 'wp_send_new_user_notification_to_admin', '__return_false' );
`;

/** Makes the tables and opens the sign-up form. */
export const install = `
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Sample blog', 'admin', 'admin@blog.test', true, '', $in['password'], 'en_US' );
update_option( 'users_can_register', 1 );
// Pictures of people would come from a third party.
update_option( 'show_avatars', 0 );
switch_theme( 'twentytwentyone' );
`;

/** PHP's settings: mail goes by SMTP, and a changed plugin counts at once. */
export function writePhpSettings({ smtp }: WordPressOptions): string {
  return `sendmail_path = "${sendmailPath(smtp)}"
opcache.revalidate_freq = 0
`;
}
