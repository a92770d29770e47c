/** The front and every mailbox offer the same extensions, so that a connection doesn't notice its move from one to the other. */
export const plugins = ['ID', 'IDLE', 'SASL-IR', 'UIDPLUS', 'LITERALPLUS', 'UNSELECT', 'NAMESPACE', 'MOVE'];
