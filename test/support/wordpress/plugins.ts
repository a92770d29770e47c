/** What sites add to WordPress, in PHP: for `withPlugin`. */

/** Its sign-up form asks for a human, in words. */
export const humanWords = `
add_action( 'register_form', function () { echo '<p><label><input type="checkbox"> Verify you are human</label></p>'; } );`;

/** Its sign-up form has the frame of a human check. */
export const humanFrame = `
add_action( 'register_form', function () { echo '<iframe title="Human check" src="/wp-includes/images/blank.gif"></iframe>'; } );`;

/** It tells only when the form is sent that a human check was not passed. */
export const humanAnswer = `
add_filter( 'registration_errors', function ( $errors ) {
  $errors->add( 'captcha', '<strong>Error:</strong> The CAPTCHA was not solved.' );
  return $errors;
} );`;

/** It looks at no password for a while. */
export const tooManyAttempts = `
add_filter( 'authenticate', function ( $user, $name ) {
  return $name ? new WP_Error( 'too_many', '<strong>Error:</strong> Too many failed login attempts. Please try again in 20 minutes.' ) : $user;
}, 99, 2 );`;

/** Counts in the option \`updates\` how often an account was saved. */
export const countUpdates = `
add_action( 'profile_update', function () { update_option( 'updates', (int) get_option( 'updates', 0 ) + 1 ); } );`;

/** Authors have no pages. */
export const noAuthorPages = `
add_action( 'template_redirect', function () { if ( is_author() ) { wp_safe_redirect( home_url() ); exit; } } );`;

/** A field of any form has another id and name. */
export const renameField = (id: string): string => `
ob_start( fn ( $page ) => str_replace( array( 'id="${id}"', 'name="${id}"' ), array( 'id="renamed"', 'name="renamed"' ), $page ) );`;

/** Notes in the option \`held\` that this happened, and holds the answer back for as long as the plugin is there. */
export const holdAfter = (action: string): string => `
add_action( '${action}', function () {
  update_option( 'held', '${action}' );
  while ( file_exists( __FILE__ ) ) { usleep( 50000 ); clearstatcache(); }
}, 99 );`;

/** Its language is not English, unless a page is asked for in English. */
export const otherLanguage = `
add_filter( 'locale', fn () => 'de_DE' );
add_filter( 'gettext', function ( $text ) {
  if ( determine_locale() === 'en_US' ) return $text;
  return $text === 'Username' ? 'Benutzername' : '[de] ' . strrev( preg_replace( '/[^a-z ]/i', '', $text ) );
} );`;
