import { html } from '../site/html.ts';
import type { Show } from './shows.ts';

/** Addresses that the feed names, and its one episode. */
export interface FeedParts {
  author: string;
  feedUrl: string;
  pageUrl: string;
  coverUrl: string;
  audioUrl: string;
  /** The episode's file, in bytes, and how long it plays. */
  audioBytes: number;
  audioSeconds: number;
}

/** What XML 1.0 allows (its section 2.2), which a form's fields may exceed. */
const notInXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** A show as RSS 2.0 (https://www.rssboard.org/rss-specification) with Apple's podcast tags. */
export function writeFeed(show: Show, parts: FeedParts): string {
  const date = new Date(show.createdAt).toUTCString();
  return html`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <title>${show.title}</title>
    <link>${parts.pageUrl}</link>
    <atom:link href="${parts.feedUrl}" rel="self" type="application/rss+xml"/>
    <description>${show.description}</description>
    <language>${show.language}</language>
    <pubDate>${date}</pubDate>
    <itunes:author>${parts.author}</itunes:author>
    <itunes:owner>
      <itunes:name>${parts.author}</itunes:name>
      <itunes:email>${show.ownerEmail}</itunes:email>
    </itunes:owner>
    <itunes:image href="${parts.coverUrl}"/>
    <itunes:category text="${show.category}"/>
    <itunes:explicit>false</itunes:explicit>
    <item>
      <title>Welcome to ${show.title}</title>
      <link>${parts.pageUrl}</link>
      <description>What this show is about.</description>
      <enclosure url="${parts.audioUrl}" length="${parts.audioBytes}" type="audio/mpeg"/>
      <guid isPermaLink="false">${show.slug}-welcome</guid>
      <pubDate>${date}</pubDate>
      <itunes:duration>${parts.audioSeconds}</itunes:duration>
      <itunes:explicit>false</itunes:explicit>
    </item>
  </channel>
</rss>
`.text.replace(notInXml, '');
}
