/** Text that is HTML already, so that it isn't escaped once more. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A template whose values are escaped, unless they are `Html` (or lists of it). */
export function html(parts: TemplateStringsArray, ...values: (string | number | Html | Html[])[]): Html {
  const write = (value: string | number | Html): string =>
    value instanceof Html
      ? value.text
      : String(value).replace(/[&<>"']/g, (character) => entities[character] ?? character);
  return new Html(String.raw({ raw: parts }, ...values.map((value) => [value].flat().map(write).join(''))));
}
