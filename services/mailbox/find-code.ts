import escapeStringRegexp from 'escape-string-regexp';
import type { MailRequest } from '../../contracts/mail.ts';
import type { MailText } from './find-link.ts';
import { readHtml } from './read-html.ts';

/** More text than this is no mail with a code in it. */
const longestText = 100_000;
/** A longer line is no label with a code after it, and would slow the search down. */
const longestLine = 1_000;

const codeWord = String.raw`(?:(?<!\p{L})(?:code|codes|kode|kod|codice|código|codigo|passcode|pin|otp|token|password|verification|verify|confirmation|confirm|bestätigung\p{L}*|mã|код|\p{L}+code)(?!\p{L})|验证码|驗證碼|確認コード|認証コード|コード|인증)`;
/** A code word, and up to the token neither a digit nor the end of a sentence, unless the digits are an alternative's. */
const introduced = new RegExp(
  `${codeWord}[^.!?\\d]{0,60}(?:\\d\\w{2,31},?\\s+(?:(?:or|and|oder|und|ou|o|y)\\s+)?)*$`,
  'iu',
);
/** `123456 is your … code` */
const announced = new RegExp(`^["'”*_)\\]]*\\s+(?:is|ist|est|es|là)\\s[^.!?\\d]{0,60}${codeWord}`, 'iu');
/** A code word, and nothing but `is` or a colon up to the token. */
const named = new RegExp(`${codeWord}[\\s"'“”*_(]*(?:is|ist|est|es|là|是|[:=：])?[\\s:"'“*_(]*$`, 'iu');
const mentioned = new RegExp(codeWord, 'iu');
/** What a number is that isn't a code, when it stands right before it. */
const otherNumber = new RegExp(
  String.raw`(?:(?<!\p{L})(?:tel|telephone|phone|mobile|fax|call|order|invoice|receipt|ticket|case|ref|reference|customer|account|member|po box|zip|postcode|bestellung|rechnung|copyright|version|year|since|(?:zip|postal|area|country|promo|discount|coupon|voucher|gift|error|status)\s+code)|©)[\s.:#(]*(?:c\)\s*)?(?:(?:number|no|nr|id)[\s.:#]*)?(?:(?:is|was)[\s:]*)?$`,
  'iu',
);
const months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const monthBefore = new RegExp(`(?<!\\p{L})(?:${months})\\p{L}*\\.?\\s+(?:\\d{1,2}(?:st|nd|rd|th)?,?\\s+)?$`, 'iu');

interface Candidate {
  value: string;
  /** 0 is best. */
  rank: 0 | 1 | 2;
}

const year = '(?:19|20)\\d\\d';
const month = '(?:0[1-9]|1[0-2])';
const day = '(?:0[1-9]|[12]\\d|3[01])';
const yearOrDate = new RegExp(`^(?:${year}|${year}${month}${day}|${day}${month}${year})$`);

/** Removes web and mail addresses, whose digits are no codes. The lengths keep the search linear. */
function withoutAddresses(text: string): string {
  return text
    .replace(/[a-z][a-z0-9+.-]{0,20}:\/\/[^\s，。、」】]+/gi, ' … ')
    .replace(/(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}/g, ' … ')
    .replace(/(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\/[^\s，。、」】]*/g, ' … ');
}

function candidatesIn(text: string, length: number): Candidate[] {
  const found: Candidate[] = [];
  // The token ends at white space, at a bracket, quote or sentence mark, or at a letter of a script without spaces.
  const token = new RegExp(
    `(?<=^|[\\s([{"'“‘«„*_>:=：「【]|(?![ªº])\\p{Lo})[A-Z0-9]{${length}}(?=$|[\\s)\\]}"'”’»*_<、。，」】]|[.,;:!?](?![\\p{L}\\p{N}])|(?![ªº])\\p{Lo})`,
    'gu',
  );
  for (const match of text.matchAll(token)) {
    const value = match[0];
    if (!/\d/.test(value)) continue;
    const before = text.slice(Math.max(0, match.index - 120), match.index);
    const after = text.slice(match.index + length, match.index + length + 80);
    // A group of a longer number (`0800 123456`, `12:345678`), or a sum of money.
    if (/\d(?:[ \t\u00a0]?[().-]?[ \t\u00a0]?|[:=])$/.test(before) || /^[ \t\u00a0]*[(-]?\d/.test(after)) continue;
    if (/[€$£¥]\s*$/.test(before) || /^\s*[€$£¥%]/.test(after)) continue;
    if (otherNumber.test(before) || monthBefore.test(before)) continue;
    const direct = introduced.test(before) || announced.test(after);
    const alone = /(?:^|\n)[ \t]*$/.test(before) && /^[ \t]*(?:\r?\n|$)/.test(after);
    if (yearOrDate.test(value) && !alone && !named.test(before) && !announced.test(after)) continue;
    found.push({ value, rank: direct ? 0 : mentioned.test(before) || mentioned.test(after) ? 1 : 2 });
  }
  return found;
}

/**
 * What follows a label and a colon on a line, when it is a single word; the label may end a longer one (`Your code:
 * …`).
 */
function labelledIn(text: string, label: string, length: number | undefined): Candidate[] {
  const escaped = escapeStringRegexp(label.trim()).replace(/\s+/g, '\\s+');
  const labelled = new RegExp(`(?:^|[^\\p{L}\\p{N}])${escaped}\\s*[:：]\\s*(\\S+)\\s*$`, 'iu');
  const lines = text.split(/\r?\n/).filter((line) => line.length <= longestLine);
  const values = lines.flatMap((line) => labelled.exec(line)?.[1] ?? []);
  return values
    .filter((value) => length === undefined || [...value].length === length)
    .map((value) => ({ value, rank: 0 }));
}

/**
 * The one code of a mail, verbatim. With `after`, what follows that label. Else a whole token of the wanted length,
 * digits, or upper-case letters with digits: the nearer to a word like "code", the better. Undefined when two different
 * ones are equally good.
 */
export function findCode(mail: MailText, request: MailRequest): string | undefined {
  const { after, codeLength } = request;
  const read = (part: string) => {
    const text = part.slice(0, longestText);
    return after === undefined
      ? candidatesIn(withoutAddresses(text), codeLength ?? 6)
      : labelledIn(text, after, codeLength);
  };
  let body = read(mail.text);
  if (body.length === 0) body = read(readHtml(mail.html).text);
  const candidates = [...read(mail.subject), ...body];
  const best = Math.min(...new Set(candidates.map((candidate) => candidate.rank)));
  const values = new Set(candidates.filter((candidate) => candidate.rank === best).map((candidate) => candidate.value));
  return values.size === 1 ? [...values][0] : undefined;
}
