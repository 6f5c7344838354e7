package streamsdaemon;

import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.ShardRecordProcessor;

/** A processor of KCL's as the adapter wants one: records pass through as they are. */
final class StreamsProcessor implements DynamoDBStreamsShardRecordProcessor {
    private final ShardRecordProcessor next;
    private final TrimGuard guard;
    private String shard = "";

    StreamsProcessor(ShardRecordProcessor next, TrimGuard guard) {
        this.next = next;
        this.guard = guard;
    }

    @Override
    public void initialize(InitializationInput input) {
        shard = input.shardId();
        next.initialize(input);
        guard.initialized(shard);
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
        next.processRecords(input);
    }

    @Override
    public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
        throw new UnsupportedOperationException("the other form is overridden");
    }

    @Override
    public void leaseLost(LeaseLostInput input) {
        guard.left(shard);
        next.leaseLost(input);
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
        guard.left(shard);
        next.shardEnded(input);
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
        next.shutdownRequested(input);
        guard.left(shard); // it has said how far it is, and is given nothing more
    }
}
