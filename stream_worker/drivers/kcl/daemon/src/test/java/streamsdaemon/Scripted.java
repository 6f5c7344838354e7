package streamsdaemon;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamResponse;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsResponse;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** A client that answers as a test says, and keeps what it was asked. */
final class Scripted implements DynamoDbStreamsClient {
    final List<DescribeStreamRequest> described = new ArrayList<>();
    final List<GetShardIteratorRequest> iterators = new ArrayList<>();
    Function<DescribeStreamRequest, DescribeStreamResponse> describe;
    RuntimeException refusal;

    @Override
    public DescribeStreamResponse describeStream(DescribeStreamRequest request) {
        described.add(request);
        return describe.apply(request);
    }

    @Override
    public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
        iterators.add(request);
        if (refusal != null) {
            throw refusal;
        }
        return GetShardIteratorResponse.builder().shardIterator("i").build();
    }

    @Override
    public GetRecordsResponse getRecords(GetRecordsRequest request) {
        if (refusal != null) {
            throw refusal;
        }
        return GetRecordsResponse.builder().build();
    }

    @Override
    public String serviceName() {
        return "streams";
    }

    @Override
    public void close() {}
}
