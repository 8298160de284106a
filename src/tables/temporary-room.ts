import { dirname } from 'node:path';
import { AristarchError, messageOf } from '../base/errors.ts';
import type { Appender, Database } from './duckdb.ts';
import { parseFault } from './duckdb-faults.ts';

/**
 * The same database, whose temporary folder may have no room: what does not fit there is a matter of the machine, and neither of the data nor
 * of the place of the result. Then every call throws `PRECONDITION_FAILED`.
 */
export function tellTemporaryRoom(database: Database): Database {
  const { folder } = database;
  const tell = (thrown: unknown): never => {
    throw toTemporaryFault(thrown, folder);
  };
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      return tell(thrown);
    }
  };
  const toldAppender = (appender: Appender): Appender => ({
    append: (columns) => told(() => appender.append(columns)),
    close: () => told(() => appender.close()),
  });
  return {
    ...database,
    run: (sql) => database.run(sql).catch(tell),
    rows: (sql) => database.rows(sql).catch(tell),
    stream: async function* (sql) {
      try {
        yield* database.stream(sql);
      } catch (thrown) {
        tell(thrown);
      }
    },
    openAppender: (...wanted) => database.openAppender(...wanted).then(toldAppender, tell),
  };
}

/** DuckDB says only by the path in its message which of its files it could not write, or that it could not put memory's blocks there. */
function toTemporaryFault(thrown: unknown, folder: string): unknown {
  const said = messageOf(thrown);
  const isOurs = said.includes(`"${folder}`) || said.includes('max_temp_directory_size');
  if (thrown instanceof AristarchError || !isOurs) return thrown;
  // The last of several sentences is the reason.
  const reason = parseFault(thrown)
    .message.split(/\n|Original error: /)
    .at(-1)!;
  return noTemporaryRoom(dirname(folder), reason, thrown);
}

/** `where`: the system's place for temporary files. */
export function noTemporaryRoom(where: string, reason: string, cause: unknown): AristarchError {
  const message = `there is no place for temporary files (${reason}): make room in ${where}, or name another folder in TMPDIR`;
  return new AristarchError('PRECONDITION_FAILED', message, { folder: where }, cause);
}
