package streamsdaemon;

import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamResponse;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsResponse;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.model.ListStreamsRequest;
import software.amazon.awssdk.services.dynamodb.model.ListStreamsResponse;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** A client of DynamoDB Streams that asks another one; whoever changes something overrides a call. */
abstract class ForwardingStreams implements DynamoDbStreamsClient {
    protected final DynamoDbStreamsClient next;

    ForwardingStreams(DynamoDbStreamsClient next) {
        this.next = next;
    }

    @Override
    public DescribeStreamResponse describeStream(DescribeStreamRequest request) {
        return next.describeStream(request);
    }

    @Override
    public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
        return next.getShardIterator(request);
    }

    @Override
    public GetRecordsResponse getRecords(GetRecordsRequest request) {
        return next.getRecords(request);
    }

    @Override
    public ListStreamsResponse listStreams(ListStreamsRequest request) {
        return next.listStreams(request);
    }

    @Override
    public String serviceName() {
        return next.serviceName();
    }

    @Override
    public void close() {
        next.close();
    }
}
