import { findEngines, type Engines } from '../runtime/engines.ts';
import type { BrokerAnswer } from './brokers.ts';
import { findGraphics, type Graphics } from './graphics.ts';
import { findMachine, type Machine } from './machine.ts';
import type { Verdict } from './verdict.ts';

/** All that doctor says; the result of `--json`. */
export interface DoctorReport {
  readonly machine: Machine;
  readonly graphics: Graphics;
  readonly engines: Engines;
  readonly devices: readonly Verdict[];
  readonly brokers: readonly BrokerAnswer[];
  /** Whether the CPU works and every broker that was named answers. */
  readonly isWell: boolean;
}

export async function findSurroundings(): Promise<Pick<DoctorReport, 'machine' | 'graphics' | 'engines'>> {
  return { machine: findMachine(), graphics: await findGraphics(), engines: await findEngines() };
}

export function isWell(devices: readonly Verdict[], brokers: readonly BrokerAnswer[]): boolean {
  const cpu = devices.find(({ device }) => device === 'cpu');
  return (cpu === undefined || cpu.outcome === 'works') && brokers.every(({ answers }) => answers);
}
