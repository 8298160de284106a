/** The one importer of kafkajs, pinned to 2.2.3 (docs/decisions/0010-kafkajs-2-2-3-behind-a-port.md): what this folder uses of it. */
import kafkajs from 'kafkajs';
import { repairAbortedMessages } from './aborted-messages.ts';
import { boundAnswers } from './bounded-answers.ts';
import { boundArrays } from './bounded-arrays.ts';
import { markCorruptPartitions } from './corrupt-partitions.ts';
import { readOwnRecordBatches } from './fetched-batches.ts';
import { keepPlaces } from './keep-places.ts';
import { rejoinByHeartbeats } from './rejoin-by-heartbeats.ts';
import { outliveSetBackClocks } from './set-back-clocks.ts';
import { writeOwnRecordBatches } from './record-batches.ts';
import { placeUnreadableMarks } from './unreadable-marks.ts';

export {
  Kafka,
  logLevel,
  type Admin,
  type Batch,
  type Consumer,
  type EachBatchPayload,
  type LogEntry,
  type Message,
  type PartitionerArgs,
  type Producer,
  type Transaction,
} from 'kafkajs';

// Node does not see these among the names that a CommonJS module exports.
export const { CompressionCodecs, CompressionTypes, ConfigResourceTypes } = kafkajs;

boundAnswers();
boundArrays();
keepPlaces();
markCorruptPartitions();
placeUnreadableMarks();
outliveSetBackClocks();
rejoinByHeartbeats();
repairAbortedMessages();
readOwnRecordBatches(CompressionCodecs);
writeOwnRecordBatches(CompressionCodecs);
