import { QuoteType, Tokenizer } from 'htmlparser2';

/**
 * Whether the document's tags close each other in turn under one root, and every `&` begins an entity. The tokenizer
 * itself forgives everything.
 */
export function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  let roots = 0;
  let sound = true;
  const require = (condition: boolean) => {
    sound &&= condition;
  };
  const ignore = () => {};
  const tokenizer = new Tokenizer(
    { xmlMode: true, decodeEntities: true },
    {
      onopentagname(start, end) {
        if (open.length === 0) roots += 1;
        open.push(xml.slice(start, end));
      },
      onclosetag: (start, end) => require(open.pop() === xml.slice(start, end).trim()),
      onselfclosingtag: () => void open.pop(),
      ontext(start, end) {
        const text = xml.slice(start, end);
        require(!text.includes('&') && (open.length > 0 || text.trim() === ''));
      },
      onattribdata: (start, end) => require(!/[&<]/.test(xml.slice(start, end))),
      onattribend: (quote) => require(quote === QuoteType.Double || quote === QuoteType.Single),
      ontextentity: ignore,
      onattribentity: ignore,
      onattribname: ignore,
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onopentagend: ignore,
      onprocessinginstruction: ignore,
      onend: ignore,
    },
  );
  tokenizer.write(xml);
  tokenizer.end();
  return sound && roots === 1 && open.length === 0;
}
