// Scores two payments over gRPC and prints what the service says of each.
//
//	npx buf generate ../../proto --template buf.gen.yaml --path ../../proto/aristarch/v1
//	go run . localhost:50051
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	pb "example.org/aristarch/score/aristarchv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// gRPC itself tries again where the server is away. Where that is overloaded (RESOURCE_EXHAUSTED) the call fails, and its RetryInfo says when to send again.
const retries = `{"methodConfig": [{
	"name": [{"service": "aristarch.v1.Aristarch"}],
	"retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "5s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]
	}
}]}`

func payment(amount float64) *pb.Record {
	return &pb.Record{Fields: map[string]*pb.Value{
		"amount":  {Kind: &pb.Value_Number{Number: amount}},
		"country": {Kind: &pb.Value_Text{Text: "DE"}},
		"online":  {Kind: &pb.Value_Flag{Flag: true}},
		"at":      {Kind: &pb.Value_TimestampMs{TimestampMs: time.Now().UnixMilli()}},
	}}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . HOST:PORT, as in go run . localhost:50051")
	}
	connection, err := grpc.NewClient(os.Args[1],
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(retries))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rate := 0.01
	response, err := pb.NewAristarchClient(connection).Score(ctx, &pb.ScoreRequest{
		Rows:              &pb.ScoreRequest_Records{Records: &pb.Records{Records: []*pb.Record{payment(129.9), payment(1.5)}}},
		FalsePositiveRate: &rate,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range response.Results {
		fmt.Printf("score %.2f, p-value %.3f, anomalous: %t\n", result.Score, result.PValue, result.Anomalous)
	}
}
