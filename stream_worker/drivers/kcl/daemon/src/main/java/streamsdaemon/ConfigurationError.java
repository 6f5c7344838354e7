package streamsdaemon;

/** Something that a person must change; its message is one sentence that says what. */
final class ConfigurationError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ConfigurationError(String sentence) {
        super(sentence);
    }
}
