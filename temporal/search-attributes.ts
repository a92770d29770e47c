import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What workflows can be found by in the Web UI. Keywords, since ids are matched whole. */
export const searchAttributes = {
  flow: defineSearchAttributeKey('EnlistFlow', SearchAttributeType.KEYWORD),
  domain: defineSearchAttributeKey('EnlistDomain', SearchAttributeType.KEYWORD),
  request: defineSearchAttributeKey('EnlistRequest', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('EnlistOutcome', SearchAttributeType.KEYWORD),
  failure: defineSearchAttributeKey('EnlistFailure', SearchAttributeType.KEYWORD),
};

/** The outcome of a task while a step of it waits for a person. */
export const waitsForPerson = 'waits for a person';
