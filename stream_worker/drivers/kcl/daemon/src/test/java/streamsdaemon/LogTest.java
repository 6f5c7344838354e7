package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import ch.qos.logback.core.spi.FilterReply;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkInterruptedException;
import software.amazon.awssdk.services.dynamodb.model.LimitExceededException;

class LogTest {
    private static LoggingEvent event(String logger, String message, Throwable error) {
        Logger from = new LoggerContext().getLogger(logger);
        return new LoggingEvent("x", from, Level.ERROR, message, error, null);
    }

    @AfterEach
    void text() {
        LogLine.configure(Map.of());
    }

    @Test
    @DisplayName("as JSON, a line is one object, whatever is in the message and however long the trace")
    void json() throws Exception {
        LogLine.configure(Map.of("logFormat", "json"));
        String line = new LogLine().doLayout(event("a.b.Daemon", "two\nlines \"quoted\"", new IllegalStateException("why")));
        JsonNode said = new ObjectMapper().readTree(line);
        assertEquals(line.length() - 1, line.indexOf('\n'));
        assertEquals("two\nlines \"quoted\"", said.get("message").asText());
        assertEquals("Daemon", said.get("logger").asText());
        assertTrue(said.get("error").asText().contains("why"));
    }

    @Test
    @DisplayName("as text, the trace follows")
    void trace() {
        String said = new LogLine().doLayout(event("a.Daemon", "hello", new IllegalStateException("why")));
        assertTrue(said.contains("ERROR Daemon: hello\njava.lang.IllegalStateException: why"), said);
    }

    @Test
    @DisplayName("lines that ask for nothing are left out, and only those")
    void harmless() {
        Harmless filter = new Harmless();
        assertEquals(FilterReply.DENY, filter.decide(event("k.Audit", "Incomplete hash range found", null)));
        assertEquals(FilterReply.DENY, filter.decide(event("software.ThrottlingReporter", "throttled", null)));
        assertEquals(FilterReply.NEUTRAL, filter.decide(event("k.Audit", "Something else", null)));
    }

    @Test
    @DisplayName("a child's lines are on stderr already: the logger that repeats them is off, and ours is not")
    void childrenOnce() {
        Logger drain = (Logger) LoggerFactory.getLogger("software.amazon.kinesis.multilang.DrainChildSTDERRTask");
        assertFalse(drain.isErrorEnabled());
        assertTrue(((Logger) LoggerFactory.getLogger(Daemon.class)).isInfoEnabled());
    }

    @Test
    @DisplayName("no record is written out, and a call that a stop interrupted is no news")
    void leftOut() {
        Harmless filter = new Harmless();
        String records = "ShardId {}: Skipping over the following data records: {}";
        assertEquals(FilterReply.DENY, filter.decide(event("k.ProcessTask", records, null)));
        Exception interrupted = new IllegalStateException(new SdkInterruptedException());
        assertEquals(FilterReply.DENY, filter.decide(event("k.Leader", "Could not", interrupted)));
        Exception saidBefore = new IllegalStateException(new TrimGuard.Unskipped("records"));
        assertEquals(FilterReply.DENY, filter.decide(event("k.Publisher", "Unexpected", saidBefore)));
        assertEquals(FilterReply.NEUTRAL, filter.decide(event("k.Leader", "Could not", new IllegalStateException("x"))));
    }

    @Test
    @DisplayName("a child that prints to stdout is told of once a shard, and what it prints is not said")
    void strayLines() {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger ours = (Logger) LoggerFactory.getLogger(StrayLines.class);
        lines.start();
        ours.addAppender(lines);
        Logger kcl = (Logger) LoggerFactory.getLogger("software.amazon.kinesis.multilang.GetNextMessageTask");
        for (String shard : new String[] {"shard-1", "shard-1", "shard-2"}) {
            kcl.info("Skipping unexpected line on STDOUT for shard {}: {}", shard, "secret");
        }
        ours.detachAppender(lines);
        assertEquals(2, lines.list.size());
        assertEquals(Level.WARN, lines.list.get(0).getLevel());
        assertTrue(lines.list.get(0).getFormattedMessage().contains("shard-1"));
        assertFalse(lines.list.toString().contains("secret"));
    }

    @Test
    @DisplayName("refused reads are said once a minute, and refused all the same")
    void throttling() {
        long[] now = {0};
        Scripted engine = new Scripted();
        engine.refusal = LimitExceededException.builder().message("slower").build();
        Throttling client = new Throttling(engine, () -> now[0]);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(Throttling.class);
        lines.start();
        logger.addAppender(lines);
        for (int call = 0; call < 130; call++) {
            org.junit.jupiter.api.Assertions.assertThrows(
                    LimitExceededException.class, () -> client.getRecords(ask -> ask.shardIterator("i")));
            now[0] += 1_000_000_000L;
        }
        logger.detachAppender(lines);
        assertEquals(3, lines.list.size());
    }
}
