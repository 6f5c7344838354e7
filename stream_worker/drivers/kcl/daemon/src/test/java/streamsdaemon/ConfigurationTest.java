package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;

class ConfigurationTest {
    private static final String ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-11-28T00:00:00.000";

    private static Map<String, String> said(String... pairs) {
        Map<String, String> said = new HashMap<>(
                Map.of("executableName", "sh -c true", "applicationName", "app", "streamName", "table"));
        for (int at = 0; at < pairs.length; at += 2) {
            said.put(pairs[at], pairs[at + 1]);
        }
        return said;
    }

    private static String refusal(Map<String, String> said) {
        return assertThrows(ConfigurationError.class, () -> Configuration.of(said)).getMessage();
    }

    @Test
    @DisplayName("three properties are enough; the rest has defaults")
    void defaults() {
        Configuration found = Configuration.of(said());
        assertEquals("table", found.table());
        assertNull(found.streamArn());
        assertTrue(found.stopOnTrimmedData());
        assertFalse(found.stopWhenInputEnds());
        assertEquals(5000, found.leaderLeaseMillis());
        assertEquals(1000, found.number("maxRecords"));
    }

    @ParameterizedTest(name = "{0} = {1}: {2}")
    @DisplayName("what cannot be meant is one sentence")
    @CsvSource(
            delimiter = '|',
            value = {
                "maxRecord | 5 | There is no property maxRecord: is maxRecords meant?",
                "trimmeddata | STOP | There is no property trimmeddata: is trimmedData meant?",
                "maxRecords | many | The property maxRecords is a whole number, not many.",
                "callProcessRecordsEvenForEmptyRecordList | yes | The property"
                        + " callProcessRecordsEvenForEmptyRecordList is true or false, not yes.",
                "trimmedData | MAYBE | The property trimmedData is one of STOP, SKIP, not MAYBE.",
                "leaderLeaseMillis | 999 | The property leaderLeaseMillis is a number from 1000 on, not 999.",
                "leaderLeaseMillis | 5 s | The property leaderLeaseMillis is a number from 1000 on, not 5 s.",
                "initialPositionInStream | AT_TIMESTAMP | The property initialPositionInStream is one of"
                        + " TRIM_HORIZON, LATEST, not AT_TIMESTAMP.",
                "initialPositionInStreamExtended | 2026-11-28T00:00:00Z | A stream of DynamoDB's cannot be read from a time"
                        + " on: say TRIM_HORIZON.",
                "streamName | arn:aws:kinesis:us-east-1:123456789012:stream/s | This is no ARN of a stream of"
                        + " DynamoDB's: arn:aws:kinesis:us-east-1:123456789012:stream/s",
                "retrievalMode | FANOUT | A stream of DynamoDB's can only be polled: say retrievalMode = POLLING.",
                "streamArn | arn:x | Say either streamName (a table) or streamArn (a stream of DynamoDB's).",
                "executableName | ./nowhere.py | The program ./nowhere.py of executableName cannot be run: is it there?",
                "applicationName | '' | Say applicationName: it is the name of the lease table, too.",
            })
    void refusals(String key, String value, String sentence) {
        assertEquals(sentence, refusal(said(key, value)));
    }

    @Test
    @DisplayName("neither table nor stream is refused as well")
    void noStream() {
        Map<String, String> said = said();
        said.remove("streamName");
        assertTrue(refusal(said).startsWith("Say either streamName"));
    }

    @Test
    @DisplayName("a stream is said by streamArn, or by its ARN as streamName")
    void arns() {
        Map<String, String> byArn = said("streamArn", ARN);
        byArn.remove("streamName");
        assertEquals(ARN, Configuration.of(byArn).streamArn());
        assertEquals(ARN, Configuration.of(said("streamName", ARN)).streamArn());
    }

    @Test
    @DisplayName("KCL reads what was said, and what was completed")
    void forKcl() throws IOException {
        Configuration found = Configuration.of(said("maxRecords", "7", "awscredentialsprovider", "DefaultCredentialsProvider"));
        MultiLangDaemonConfiguration kcl = found.forStream("s").getMultiLangDaemonConfiguration();
        assertEquals(7, kcl.getMaxRecords());
        assertEquals(200, kcl.getIdleTimeBetweenReadsInMillis());
        assertEquals("app", kcl.getApplicationName());
    }

    @Test
    @DisplayName("what only KCL can refuse is one sentence, too")
    void kclRefuses() {
        Configuration found = Configuration.of(said("staleWorkerMetricsEntryCleanupDuration", "soon"));
        String sentence = assertThrows(ConfigurationError.class, () -> found.forStream("s")).getMessage();
        assertTrue(sentence.startsWith("KCL refuses a property: "), sentence);
    }

    @Test
    @DisplayName("a file that is not there is one sentence")
    void noFile(@TempDir Path folder) throws IOException {
        String said = assertThrows(ConfigurationError.class, () -> Configuration.load(folder.resolve("none"))).getMessage();
        assertTrue(said.endsWith("cannot be read: it is not there."), said);
        Path file = Files.writeString(folder.resolve("some"), "applicationName =  app \n# no\n");
        assertEquals(Map.of("applicationName", "app"), Configuration.load(file));
    }
}
