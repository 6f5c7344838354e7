package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
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
    @DisplayName("refused reads are said once a minute, and refused all the same")
    void throttling() {
        long[] now = {0};
        Scripted engine = new Scripted();
        engine.refusal = LimitExceededException.builder().message("slower").build();
        Throttling client = new Throttling(engine, () -> now[0]);
        ch.qos.logback.core.read.ListAppender<ch.qos.logback.classic.spi.ILoggingEvent> lines =
                new ch.qos.logback.core.read.ListAppender<>();
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
