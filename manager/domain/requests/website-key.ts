/**
 * A website as "one account per brand and site" sees it: scheme, the host's case, a port that is the scheme's own and a
 * slash at the end make no other brand of it. What is no URL counts as written, but for its case.
 */
export function websiteKey(website: string): string {
  const text = website.trim();
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) return text.toLowerCase();
  const { host, pathname, search } = new URL(address);
  return `${host}${pathname.replace(/\/+$/, '')}${search}`;
}
