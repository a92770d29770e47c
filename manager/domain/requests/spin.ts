import { randomInt } from 'node:crypto';

/**
 * Resolves spin syntax: each `{a|b}`, nested ones too, becomes one of its choices by chance.
 * Braces without `|` stay as they are, and so does a brace that nothing closes or opens.
 */
export function spin(text: string): string {
  const open: { choices: string[]; current: string }[] = [];
  let frame = { choices: [] as string[], current: '' };

  for (const [piece] of text.matchAll(/[{}|]|[^{}|]+/g)) {
    const outer = open.at(-1);
    if (piece === '{') {
      open.push(frame);
      frame = { choices: [], current: '' };
    } else if (piece === '|' && outer) {
      frame.choices.push(frame.current);
      frame.current = '';
    } else if (piece === '}' && outer) {
      const { choices, current } = frame;
      const resolved = choices.length === 0 ? `{${current}}` : pick([...choices, current]);
      open.pop();
      outer.current += resolved;
      frame = outer;
    } else {
      frame.current += piece;
    }
  }
  for (let outer = open.pop(); outer; outer = open.pop()) {
    outer.current += `{${[...frame.choices, frame.current].join('|')}`;
    frame = outer;
  }
  return frame.current;
}

function pick(choices: string[]): string {
  return choices[randomInt(choices.length)] ?? '';
}
