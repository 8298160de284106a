import type { KafkaTestClient } from '../../test/support/kafka-client.ts';

/** Where a measurement takes place. */
export interface Stage {
  readonly broker: string;
  readonly client: KafkaTestClient;
  /** Folder of a trained model of eight number fields. */
  readonly model: string;
  /** Part of the names of topics and groups. */
  readonly id: string;
}

export const PARTITIONS = 6;

/** Events that came faster than they were scored. */
export interface Backlog {
  readonly processes: number;
  readonly events: number;
  /** From the first event that is sent to the last one; and to the last result. */
  readonly sentSeconds: number;
  readonly seconds: number;
  /** CPU time of the processes for an event, and the largest resident memory of one of them, at the end. */
  readonly cpuMicroseconds: number;
  readonly residentMiB: number;
  readonly missing: number;
  readonly doubled: number;
}

/** A steady stream through three processes of which one was killed. */
export interface Kill {
  readonly seconds: number;
  readonly rate: number;
  readonly events: number;
  /** Second of the stream in which the process was killed. */
  readonly killedAt: number;
  /** Results that were written in each second of the stream, and after it until the last. */
  readonly resultsBySecond: readonly number[];
  /** From the kill until every event that had been sent by then was scored and committed. */
  readonly caughtUpSeconds: number;
  readonly missing: number;
  readonly doubled: number;
}

export interface GroupResult {
  readonly machine: string;
  readonly loadBefore: number;
  readonly backlog: readonly Backlog[];
  readonly kill: Kill;
}
