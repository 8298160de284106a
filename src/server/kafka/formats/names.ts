/** What the values of events are. All but JSON carry the id of a schema, which a registry knows. */
export const EVENT_FORMATS = ['json', 'avro', 'protobuf'] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];
