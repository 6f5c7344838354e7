package streamsdaemon;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once a shard that its child prints to stdout, which is the protocol's.
 *
 * <p>KCL says it of each line, with the line, below the level that is shown; what a child prints may be a record.
 */
public final class StrayLines extends AppenderBase<ILoggingEvent> {
    private static final Logger LOG = LoggerFactory.getLogger(StrayLines.class);

    private final Set<Object> said = ConcurrentHashMap.newKeySet();

    @Override
    protected void append(ILoggingEvent event) {
        Object[] shardAndLine = event.getArgumentArray();
        if (shardAndLine != null && said.add(shardAndLine[0])) {
            LOG.warn(
                    "The child of {} prints to stdout, which is for KCL's protocol: such lines are passed over. Let it "
                            + "print to stderr.",
                    shardAndLine[0]);
        }
    }
}
