package streamsdaemon;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import software.amazon.kinesis.multilang.MultiLangDaemonConfig;

/**
 * A .properties file of kclpy's, read and completed; README.md has every setting of ours and every default.
 *
 * @param kcl what KCL is told
 * @param table the name of the table whose stream is read; null if {@code streamArn} says which stream
 * @param streamArn the ARN of the stream; null if its table is named
 * @param leaderLeaseMillis for how long the leader may be silent
 * @param stopOnTrimmedData whether records that were trimmed under a running processor end the daemon
 * @param stopWhenInputEnds whether the end of stdin is a reason to stop
 */
record Configuration(
        Map<String, String> kcl,
        String table,
        String streamArn,
        long leaderLeaseMillis,
        boolean stopOnTrimmedData,
        boolean stopWhenInputEnds) {
    static final String LOG_FORMAT = "logFormat";
    static final String LOG_LEVEL = "logLevel";
    private static final String LEADER_LEASE = "leaderLeaseMillis";
    private static final String TRIMMED = "trimmedData";
    private static final String INPUT_ENDS = "stopWhenInputEnds";
    private static final Set<String> OURS = Set.of(LOG_FORMAT, LOG_LEVEL, LEADER_LEASE, TRIMMED, INPUT_ENDS);
    private static final long SHORTEST_LEADER_LEASE = 1000;
    private static final String ARN = "arn:aws[^:]*:dynamodb:[-a-z0-9]+:[0-9]{12}:table/[^/]+/stream/.+"; // as the adapter has it

    /** What the file says nothing of; README.md has the reasons. */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("AwsCredentialsProvider", "DefaultCredentialsProvider"),
            Map.entry("initialPositionInStream", "TRIM_HORIZON"),
            Map.entry("retrievalMode", "POLLING"),
            Map.entry("maxRecords", "1000"),
            Map.entry("idleTimeBetweenReadsInMillis", "200"),
            Map.entry("failoverTimeMillis", "3000"),
            Map.entry("leaseAssignmentIntervalMillis", "1000"),
            Map.entry("parentShardPollIntervalMillis", "1000"),
            Map.entry("isGracefulLeaseHandoffEnabled", "false"),
            Map.entry("inMemoryWorkerMetricsCaptureFrequencyMillis", "250"),
            Map.entry("workerMetricsReporterFreqInMillis", "2000"),
            Map.entry("staleWorkerMetricsEntryCleanupDuration", "PT2M"),
            Map.entry("skipShardSyncAtWorkerInitializationIfLeasesExist", "true"),
            Map.entry("shutdownGraceMillis", "10000"),
            Map.entry("metricsLevel", "NONE"));

    /** The properties in a file. */
    static Map<String, String> load(Path file) {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        } catch (NoSuchFileException none) { // whose message is the name again
            throw new ConfigurationError("The file " + file + " cannot be read: it is not there.");
        } catch (IOException | IllegalArgumentException unreadable) {
            throw new ConfigurationError("The file " + file + " cannot be read: " + unreadable.getMessage());
        }
        Map<String, String> said = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> said.put(key, properties.getProperty(key).strip()));
        return said;
    }

    /** What properties mean, as a file would have them. */
    static Configuration of(Map<String, String> said) {
        KnownKeys known = new KnownKeys(OURS);
        said.forEach(known::check);
        Map<String, String> kcl = new TreeMap<>(said);
        kcl.keySet().removeAll(OURS);
        DEFAULTS.forEach((key, value) -> {
            if (said.keySet().stream().noneMatch(key::equalsIgnoreCase)) { // as KCL reads the one of the credentials
                kcl.put(key, value);
            }
        });
        refuseContradictions(kcl);
        String arn = kcl.remove("streamArn"); // KCL would refuse it: it is none of Kinesis
        String named = arn == null ? kcl.get("streamName") : null;
        boolean isArn = named != null && named.startsWith("arn:");
        refuseOtherArns(isArn ? named : arn);
        kcl.put("streamName", "set when the stream is known");
        return new Configuration(
                kcl,
                isArn ? null : named,
                isArn ? named : arn,
                leaderLease(said),
                oneOf(said, TRIMMED, "STOP", "SKIP").equals("STOP"),
                oneOf(said, INPUT_ENDS, "false", "true").equals("true"));
    }

    /** The word for a key of ours, the first one if it is not said. */
    static String oneOf(Map<String, String> said, String key, String... words) {
        String word = said.getOrDefault(key, words[0]);
        return Stream.of(words)
                .filter(word::equalsIgnoreCase)
                .findFirst()
                .orElseThrow(() -> new ConfigurationError(
                        "The property " + key + " is one of " + String.join(", ", words) + ", not " + word + "."));
    }

    /** KCL's own reading of it, for a stream. */
    MultiLangDaemonConfig forStream(String arn) throws IOException {
        Properties properties = new Properties();
        properties.putAll(kcl);
        properties.setProperty("streamName", arn);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        properties.store(text, null);
        ClassLoader onlyThis = new ClassLoader(Configuration.class.getClassLoader()) {
            @Override
            public InputStream getResourceAsStream(String name) { // KCL reads a file, and looks here first
                return new ByteArrayInputStream(text.toByteArray());
            }
        };
        try {
            return new MultiLangDaemonConfig("completed", onlyThis);
        } catch (RuntimeException refusal) {
            Throwable cause = refusal;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw new ConfigurationError("KCL refuses a property: " + cause.getMessage());
        }
    }

    long number(String key) {
        return Long.parseLong(kcl.get(key));
    }

    private static void refuseContradictions(Map<String, String> kcl) {
        if (kcl.containsKey("streamName") == kcl.containsKey("streamArn")) {
            throw new ConfigurationError("Say either streamName (a table) or streamArn (a stream of DynamoDB's).");
        }
        if (blank(kcl.get("applicationName"))) {
            throw new ConfigurationError("Say applicationName: it is the name of the lease table, too.");
        }
        oneOf(kcl, "initialPositionInStream", "TRIM_HORIZON", "LATEST");
        if (kcl.containsKey("initialPositionInStreamExtended")) {
            throw new ConfigurationError("A stream of DynamoDB's cannot be read from a time on: say TRIM_HORIZON.");
        }
        if (!Set.of("POLLING", "DEFAULT").contains(kcl.get("retrievalMode").toUpperCase())) {
            throw new ConfigurationError("A stream of DynamoDB's can only be polled: say retrievalMode = POLLING.");
        }
        requireExecutable(kcl.get("executableName"));
    }

    private static void refuseOtherArns(String arn) {
        if (arn != null && !arn.matches(ARN)) {
            throw new ConfigurationError("This is no ARN of a stream of DynamoDB's: " + arn);
        }
    }

    private static long leaderLease(Map<String, String> said) {
        String text = said.getOrDefault(LEADER_LEASE, "5000");
        if (!text.matches("[0-9]{4,9}") || Long.parseLong(text) < SHORTEST_LEADER_LEASE) {
            throw new ConfigurationError("The property " + LEADER_LEASE + " is a number from 1000 on, not " + text + ".");
        }
        return Long.parseLong(text);
    }

    private static void requireExecutable(String command) {
        if (blank(command)) {
            throw new ConfigurationError("Say executableName: the program that is started for each shard.");
        }
        String program = command.strip().split("\\s+")[0];
        Stream<Path> places = program.contains(File.separator)
                ? Stream.of(Path.of(program))
                : Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .map(folder -> Path.of(folder, program));
        if (places.noneMatch(place -> Files.isExecutable(place) && Files.isRegularFile(place))) {
            throw new ConfigurationError("The program " + program + " of executableName cannot be run: is it there?");
        }
    }

    private static boolean blank(String text) {
        return text == null || text.isBlank();
    }
}
