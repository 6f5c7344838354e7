package streamsdaemon;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.model.TrimmedDataAccessException;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/**
 * Sees that records after a position are gone, which the adapter would skip without a word to the processor.
 *
 * <p>Before a processor is initialized they are skipped with a line: it is told its position, and can ask. Under a
 * running processor the daemon stops instead; the next start initializes one.
 */
final class TrimGuard extends ForwardingStreams {
    private static final Logger LOG = LoggerFactory.getLogger(TrimGuard.class);

    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private final Consumer<String> stop;
    private volatile boolean isStopping;

    /** Nothing that the adapter takes for a reason to skip. */
    static final class Unskipped extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Unskipped(String what) {
            super(what);
        }
    }

    /**
     * Guards a client.
     *
     * @param next the client
     * @param stop told why, if the daemon is to stop; null if it may skip
     */
    TrimGuard(DynamoDbStreamsClient next, Consumer<String> stop) {
        super(next);
        this.stop = stop;
    }

    /** A processor has been told its position in this shard. */
    void initialized(String shard) {
        running.add(shard);
    }

    /** The shard's processor is given nothing more. */
    void left(String shard) {
        running.remove(shard);
    }

    /** Whether no processor is given anything any more. */
    boolean haveAllLeft() {
        return running.isEmpty();
    }

    @Override
    public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
        try {
            return next.getShardIterator(request);
        } catch (TrimmedDataAccessException trimmed) {
            String what = "Records of " + request.shardId() + " after " + request.sequenceNumber() + " were trimmed";
            if (isStopping) {
                throw new Unskipped(what); // processors leave one by one: what is asked for them meanwhile is no news
            }
            if (stop == null || !running.contains(request.shardId())) {
                LOG.warn("{}: reads on from the oldest that are left.", what);
                throw trimmed;
            }
            isStopping = true;
            stop.accept(what + " before they were read: stops, as its processor cannot know.");
            throw new Unskipped(what);
        }
    }
}
