// CommonJS, since the SDK loads it by require in the worker and bundles it into the workflow sandbox.
const { DefaultFailureConverter } = require('@temporalio/common');

// Messages and stack traces become a payload, which the codec encrypts like any other.
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
