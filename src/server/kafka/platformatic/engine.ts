/**
 * The one importer of @platformatic/kafka (docs/decisions/0021-two-kafka-clients.md): what this folder uses of it, which is its
 * wire protocol. Its own consumer and producer cannot keep what is promised; the decision says why.
 */
import type { fetchV17 as fetch } from '@platformatic/kafka';

export {
  addOffsetsToTxnV4,
  addPartitionsToTxnV3,
  type API,
  AuthenticationError,
  Base,
  type BaseOptions,
  type Broker,
  type ClusterMetadata,
  compressionsAlgorithms,
  compressionsAlgorithmsByBitmask,
  type Connection,
  createAPI,
  describeTransactionsV0,
  endTxnV4,
  fetchV17,
  findCoordinatorV6,
  GenericError,
  heartbeatV4,
  initProducerIdV5,
  joinGroupV9,
  kGetApi,
  kGetBootstrapConnection,
  kGetConnection,
  leaveGroupV5,
  listOffsetsV9,
  metadataV12,
  offsetCommitV9,
  offsetFetchV9,
  produceV9,
  Reader,
  type RecordsBatch,
  syncGroupV5,
  txnOffsetCommitV4,
  Writer,
} from '@platformatic/kafka';

export type FetchResponsePartition = fetch.FetchResponsePartition;
