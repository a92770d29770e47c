import { randomInt } from 'node:crypto';

/**
 * Resolves spin syntax: each `{a|b}`, nested ones too, becomes one of its choices by chance.
 * Braces without `|` stay as they are, and so does a brace that nothing closes or opens.
 */
export function spin(text: string): string {
  const open: { choices: string[]; current: string }[] = [];
  let frame = { choices: [] as string[], current: '' };

  for (const [piece] of text.matchAll(/[{}|]|[^{}|]+/g)) {
    if (piece === '{') {
      open.push(frame);
      frame = { choices: [], current: '' };
    } else if (piece === '|' && open.length > 0) {
      frame.choices.push(frame.current);
      frame.current = '';
    } else if (piece === '}' && open.length > 0) {
      const { choices, current } = frame;
      const resolved = choices.length === 0 ? `{${current}}` : pick([...choices, current]);
      frame = open.pop()!;
      frame.current += resolved;
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
  return choices[randomInt(choices.length)]!;
}
