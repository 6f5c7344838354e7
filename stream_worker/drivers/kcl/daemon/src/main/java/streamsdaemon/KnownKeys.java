package streamsdaemon;

import java.beans.PropertyDescriptor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.beanutils.PropertyUtils;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;

/** Which properties there are: KCL ignores one that it does not know, which may be a typing error that costs a night. */
final class KnownKeys {
    /** Read by the daemon itself, not by the configuration bean. */
    private static final Set<String> DAEMONS = Set.of("executableName", "processingLanguage", "maxActiveThreads");

    /** Clients and credentials have settings of their own below these. */
    private static final Set<String> NESTED = Set.of("kinesisclient", "dynamodbclient", "cloudwatchclient");

    private static final String CREDENTIALS = "awscredentialsprovider";

    private final Map<String, Class<?>> types = new TreeMap<>();
    private final Set<String> names = new TreeSet<>(DAEMONS);

    KnownKeys(Set<String> ours) {
        for (PropertyDescriptor one : PropertyUtils.getPropertyDescriptors(MultiLangDaemonConfiguration.class)) {
            if (PropertyUtils.getWriteMethod(one) != null) {
                types.put(one.getName(), one.getPropertyType());
            }
        }
        names.addAll(types.keySet());
        names.addAll(ours);
    }

    /** Refuses a key that nobody reads, and a number or a truth value that is none: KCL would take it for 0 or false. */
    void check(String key, String value) {
        String lower = key.toLowerCase(Locale.ROOT);
        if (lower.startsWith(CREDENTIALS) || NESTED.contains(lower.split("\\.")[0])) {
            return;
        }
        if (!names.contains(key)) {
            throw new ConfigurationError("There is no property " + key + ": is " + nearest(key) + " meant?");
        }
        Class<?> type = types.getOrDefault(key, String.class);
        if ((type == boolean.class || type == Boolean.class) && !value.matches("(?i)true|false")) {
            throw new ConfigurationError("The property " + key + " is true or false, not " + value + ".");
        }
        if (isNumber(type) && !value.matches("[0-9]{1,18}")) {
            throw new ConfigurationError("The property " + key + " is a whole number, not " + value + ".");
        }
    }

    private static boolean isNumber(Class<?> type) {
        return type == int.class || type == long.class || type == Integer.class || type == Long.class;
    }

    private String nearest(String key) {
        String lower = key.toLowerCase(Locale.ROOT);
        return names.stream()
                .min(Comparator.comparingInt(name -> distance(name.toLowerCase(Locale.ROOT), lower)))
                .orElseThrow();
    }

    /** How many letters are to be added, taken away or changed (Levenshtein). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, at -> at);
        for (int i = 1; i <= from.length(); i++) {
            int corner = row[0]++;
            for (int k = 1; k < row.length; k++) {
                int changed = corner + (from.charAt(i - 1) == to.charAt(k - 1) ? 0 : 1);
                corner = row[k];
                row[k] = Math.min(changed, 1 + Math.min(row[k], row[k - 1]));
            }
        }
        return row[to.length()];
    }
}
