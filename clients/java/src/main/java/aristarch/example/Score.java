package aristarch.example;

import aristarch.v1.AristarchGrpc;
import aristarch.v1.AristarchOuterClass.Record;
import aristarch.v1.AristarchOuterClass.Records;
import aristarch.v1.AristarchOuterClass.ScoreRequest;
import aristarch.v1.AristarchOuterClass.Value;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Scores two payments over gRPC and prints what the service says of each.
 *
 * <pre>
 * mvn -q compile dependency:copy-dependencies
 * java -cp 'target/classes:target/dependency/*' aristarch.example.Score localhost:50051
 * </pre>
 */
final class Score {
  /** gRPC itself tries again where the server is away. Where that is overloaded (RESOURCE_EXHAUSTED) the call fails, and its RetryInfo says when to send again. */
  private static final Map<String, ?> RETRIES =
      Map.of(
          "methodConfig",
          List.of(
              Map.of(
                  "name", List.of(Map.of("service", "aristarch.v1.Aristarch")),
                  "retryPolicy",
                      Map.of(
                          "maxAttempts", 5.0,
                          "initialBackoff", "0.1s",
                          "maxBackoff", "5s",
                          "backoffMultiplier", 2.0,
                          "retryableStatusCodes", List.of("UNAVAILABLE")))));

  private static Record payment(double amount) {
    return Record.newBuilder()
        .putFields("amount", Value.newBuilder().setNumber(amount).build())
        .putFields("country", Value.newBuilder().setText("DE").build())
        .putFields("online", Value.newBuilder().setFlag(true).build())
        .putFields("at", Value.newBuilder().setTimestampMs(System.currentTimeMillis()).build())
        .build();
  }

  public static void main(String[] args) {
    if (args.length != 1) {
      System.err.println("usage: the address as HOST:PORT, as in aristarch.example.Score localhost:50051");
      System.exit(2);
    }
    var channel =
        Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create())
            .defaultServiceConfig(RETRIES)
            .enableRetry()
            .build();
    try {
      var records = Records.newBuilder().addRecords(payment(129.9)).addRecords(payment(1.5));
      var request = ScoreRequest.newBuilder().setRecords(records).setFalsePositiveRate(0.01).build();
      var response = AristarchGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS).score(request);
      for (var result : response.getResultsList()) {
        System.out.printf(
            Locale.ROOT,
            "score %.2f, p-value %.3f, anomalous: %b%n",
            result.getScore(),
            result.getPValue(),
            result.getAnomalous());
      }
    } catch (StatusRuntimeException refused) {
      var status = refused.getStatus();
      System.err.println(status.getCode() + ": " + status.getDescription());
      System.exit(1);
    } finally {
      channel.shutdown();
    }
  }
}
