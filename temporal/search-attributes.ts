import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What workflows can be found by in the Web UI. Keywords, since ids are matched whole. */
export const searchAttributes = {
  flow: defineSearchAttributeKey('EnlistFlow', SearchAttributeType.KEYWORD),
  domain: defineSearchAttributeKey('EnlistDomain', SearchAttributeType.KEYWORD),
  request: defineSearchAttributeKey('EnlistRequest', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('EnlistOutcome', SearchAttributeType.KEYWORD),
  failure: defineSearchAttributeKey('EnlistFailure', SearchAttributeType.KEYWORD),
};
