/** Search attributes of a Temporal server that somebody else runs. */
import type { Connection } from '@temporalio/client';
import type { SearchAttributeType } from './temporal.ts';

/** Of IndexedValueType in the Temporal API. */
const INDEXED_VALUE_TYPE: Readonly<Record<SearchAttributeType, number>> = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 };

type Services = Pick<Connection, 'operatorService'>;

/**
 * Registers those search attributes that the namespace lacks; without them the server refuses workflows that set them.
 * @throws where one has another type, or where we may not register them, with the commands for someone who may
 */
export async function registerSearchAttributes({ operatorService }: Services, namespace: string, attributes: Readonly<Record<string, SearchAttributeType>>): Promise<string[]> {
  const { customAttributes = {} } = await operatorService.listSearchAttributes({ namespace });
  const wrong = Object.entries(attributes).filter(([name, type]) => name in customAttributes && Number(customAttributes[name]) !== INDEXED_VALUE_TYPE[type]);
  if (wrong.length > 0) throw new Error(`search attributes of namespace "${namespace}": found ${wrong.map(([name]) => name).join(', ')} with another type, allowed: ${wrong.map(([name, type]) => `${name} of type ${type}`).join(', ')}`);
  const missing = Object.entries(attributes).filter(([name]) => !(name in customAttributes));
  if (missing.length === 0) return [];
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]])) });
  } catch (error) {
    const commands = missing.map(([name, type]) => `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`);
    throw new Error(`search attributes of namespace "${namespace}" are missing and could not be registered (${detailsOf(error)}). Have someone register them who may (on Temporal Cloud: in its UI or with tcld), then start the worker again:\n${commands.join('\n')}`, { cause: error });
  }
  return missing.map(([name]) => name);
}

function detailsOf(error: unknown): string {
  if (error instanceof Error) return 'details' in error && typeof error.details === 'string' && error.details !== '' ? error.details : error.message;
  return String(error);
}
