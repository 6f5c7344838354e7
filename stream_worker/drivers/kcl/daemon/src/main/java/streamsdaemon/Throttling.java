package streamsdaemon;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsResponse;
import software.amazon.awssdk.services.dynamodb.model.LimitExceededException;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** Says once a minute that reads are refused, where KCL would say it of every one of them. */
final class Throttling extends ForwardingStreams {
    private static final Logger LOG = LoggerFactory.getLogger(Throttling.class);
    private static final long EVERY_NANOS = 60_000_000_000L;

    private final LongSupplier nanos;
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong saidAt;

    Throttling(DynamoDbStreamsClient next, LongSupplier nanos) {
        super(next);
        this.nanos = nanos;
        this.saidAt = new AtomicLong(nanos.getAsLong() - EVERY_NANOS);
    }

    @Override
    public GetRecordsResponse getRecords(GetRecordsRequest request) {
        try {
            return next.getRecords(request);
        } catch (LimitExceededException refusal) {
            refused.incrementAndGet();
            tell();
            throw refusal;
        }
    }

    private void tell() {
        long now = nanos.getAsLong();
        long before = saidAt.get();
        if (now - before >= EVERY_NANOS && saidAt.compareAndSet(before, now)) {
            LOG.warn(
                    "GetRecords was refused {} times since the last such line, and is asked again: a shard bears two "
                            + "readers, who else reads this stream?",
                    refused.getAndSet(0));
        }
    }
}
