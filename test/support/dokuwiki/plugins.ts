/** Small plugins as DokuWiki's users write them, each an `action.php`. */
const events = {
  /** A picture of letters in a frame of another site, as a hosted human check has it. */
  'captcha-frame': `
    $controller->register_hook('FORM_REGISTER_OUTPUT', 'BEFORE', $this, 'ask');
  }
  public function ask(Doku_Event $event) {
    $event->data->addHTML('<iframe title="Human check" src="about:blank" width="300" height="80"></iframe>', 2);`,

  /** The plugin "captcha" in its question mode: its markup, and that nobody registers without the answer. */
  'captcha-question': `
    $controller->register_hook('FORM_REGISTER_OUTPUT', 'BEFORE', $this, 'ask');
    $controller->register_hook('AUTH_USER_CHANGE', 'BEFORE', $this, 'check');
  }
  public function ask(Doku_Event $event) {
    $event->data->addHTML('<div id="plugin__captcha_wrapper"><label>What colour is the sky on a clear day? '
      . '<input type="text" name="plugin__captcha" /></label></div>', 2);
  }
  public function check(Doku_Event $event) {
    global $INPUT;
    if ($event->data['type'] !== 'create' || $INPUT->str('plugin__captcha') === 'blue') return;
    msg('CAPTCHA not answered.', -1);
    $event->preventDefault();`,

  /** Refuses short passwords, as the plugin "passpolicy" does. */
  'password-rule': `
    $controller->register_hook('AUTH_USER_CHANGE', 'BEFORE', $this, 'check');
  }
  public function check(Doku_Event $event) {
    $type = $event->data['type'];
    $pass = $type === 'create' ? $event->data['params'][1] : ($event->data['params'][1]['pass'] ?? '');
    if (!in_array($type, ['create', 'modify']) || $pass === '' || strlen($pass) >= 12) return;
    msg('The password is too weak: it needs 12 characters.', -1);
    $event->preventDefault();`,

  /** Waits between the change of an account and the answer, for as long as the file `hold-create` or `hold-modify` is there. */
  slow: `
    $controller->register_hook('AUTH_USER_CHANGE', 'AFTER', $this, 'hold');
  }
  public function hold(Doku_Event $event) {
    $hold = DOKU_CONF . 'hold-' . $event->data['type'];
    if (file_exists($hold)) touch("$hold-reached");
    for (; file_exists($hold); clearstatcache()) usleep(20000);`,

  /** The form asks for the e-mail address under another name. */
  'renamed-field': `
    $controller->register_hook('FORM_REGISTER_OUTPUT', 'BEFORE', $this, 'rename');
  }
  public function rename(Doku_Event $event) {
    $form = $event->data;
    $form->getElementAt($form->findPositionByAttribute('name', 'email'))->attr('name', 'mail');`,
};

export type Plugin = keyof typeof events;

/** The source of an action plugin, whose folder must have this name. */
export const writePlugin = (name: string, plugin: Plugin): string => `<?php
class action_plugin_${name} extends DokuWiki_Action_Plugin {
  public function register(Doku_Event_Handler $controller) {${events[plugin]}
  }
}
`;
