package streamsdaemon;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** A line of the log, for people or as JSON. */
public final class LogLine extends LayoutBase<ILoggingEvent> {
    private static final String FORMAT = "streamsdaemon.logFormat";
    private static final String LEVEL = "streamsdaemon.logLevel"; // read by logback.xml
    private static final ObjectMapper JSON = new ObjectMapper();

    private final boolean json = "json".equals(System.getProperty(FORMAT));

    /** Tells logback what the properties say, before its first logger is made. */
    static void configure(Map<String, String> said) {
        System.setProperty(FORMAT, Configuration.oneOf(said, Configuration.LOG_FORMAT, "text", "json"));
        System.setProperty(LEVEL, Configuration.oneOf(said, Configuration.LOG_LEVEL, "INFO", "DEBUG", "WARN", "ERROR"));
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        String logger = event.getLoggerName().substring(event.getLoggerName().lastIndexOf('.') + 1);
        IThrowableProxy thrown = event.getThrowableProxy();
        String error = thrown == null ? "" : ThrowableProxyUtil.asString(thrown);
        return (json ? asJson(event, logger, error) : asText(event, logger, error)) + "\n";
    }

    private static String asText(ILoggingEvent event, String logger, String error) {
        String line = Instant.ofEpochMilli(event.getTimeStamp()) + " " + event.getLevel() + " " + logger + ": "
                + event.getFormattedMessage();
        return error.isEmpty() ? line : line + "\n" + error.stripTrailing();
    }

    private static String asJson(ILoggingEvent event, String logger, String error) {
        Map<String, String> said = new LinkedHashMap<>();
        said.put("at", Instant.ofEpochMilli(event.getTimeStamp()).toString());
        said.put("level", event.getLevel().toString());
        said.put("logger", logger);
        said.put("message", event.getFormattedMessage());
        if (!error.isEmpty()) {
            said.put("error", error);
        }
        try {
            return JSON.writeValueAsString(said);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
