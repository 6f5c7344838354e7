package streamsdaemon;

import java.nio.file.Path;
import java.util.Map;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/** {@code java -jar streams-daemon.jar FILE.properties}: see README.md. */
public final class Main {
    private static final String USAGE = "usage: java -jar streams-daemon.jar FILE.properties";

    private Main() {}

    /** Reads until it is told to stop; the exit status is one of {@link Ending}'s. */
    public static void main(String[] arguments) {
        if (arguments.length != 1 || arguments[0].startsWith("-")) {
            System.err.println(USAGE);
            System.exit(Ending.MISCONFIGURED);
        }
        try {
            Map<String, String> said = Configuration.load(Path.of(arguments[0]));
            LogLine.configure(said); // before the first logger is made
            run(Configuration.of(said));
        } catch (ConfigurationError wrong) {
            end(Ending.MISCONFIGURED, wrong.getMessage());
        } catch (SdkException | java.util.concurrent.CompletionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            end(Ending.FAILED, "AWS does not answer as it should: " + cause.getMessage());
        } catch (Throwable unforeseen) { // an Error, too: KCL's threads would keep a process that reads nothing
            LoggerFactory.getLogger(Main.class).error("Nobody foresaw this:", unforeseen);
            Runtime.getRuntime().halt(Ending.FAILED);
        }
    }

    private static void run(Configuration configuration) throws Exception {
        Ending ending = new Ending(configuration.number("shutdownGraceMillis"));
        ending.onSignals();
        Daemon daemon = new Daemon(configuration, why -> ending.failed(Ending.TRIMMED, why));
        ending.of(daemon);
        if (configuration.stopWhenInputEnds()) {
            ending.onEndOfInput();
        }
        daemon.run();
        ending.schedulerEnded();
    }

    private static void end(int status, String sentence) {
        LoggerFactory.getLogger(Main.class).error(sentence);
        Runtime.getRuntime().halt(status);
    }
}
