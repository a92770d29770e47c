import proto from '@temporalio/proto';
import { searchAttributes } from '../contracts/workflows.ts';

/** The part of a connection that this needs; a client's and a worker's both have it. */
interface Operator {
  operatorService: {
    addSearchAttributes(request: proto.temporal.api.operatorservice.v1.IAddSearchAttributesRequest): Promise<unknown>;
    listSearchAttributes(
      request: proto.temporal.api.operatorservice.v1.IListSearchAttributesRequest,
    ): Promise<{ customAttributes?: object | null }>;
  };
}

/**
 * Makes enlist's search attributes known to the namespace; those that are known stay as they are.
 *
 * @throws Error when the server does not allow it (a managed Temporal has them made in its own console)
 */
export async function registerSearchAttributes({ operatorService }: Operator, namespace: string): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const known = new Set(Object.keys(customAttributes ?? {}));
  const missing = Object.values(searchAttributes)
    .map(({ name }) => name)
    .filter((name) => !known.has(name));
  if (missing.length === 0) return;
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
  });
}
