/** What the values of events are. All but JSON carry the id of a schema, which a registry knows. */
export const EVENT_FORMATS = ['json', 'avro', 'protobuf'] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];

/** What the values of results are; the same. */
export const RESULT_FORMATS = EVENT_FORMATS;

/** What is done with the schema of results at the start: it is registered, or must be there. */
export const RESULT_SCHEMAS = ['register', 'lookup'] as const;
export type ResultSchemaMode = (typeof RESULT_SCHEMAS)[number];
