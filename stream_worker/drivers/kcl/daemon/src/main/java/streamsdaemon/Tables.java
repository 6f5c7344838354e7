package streamsdaemon;

import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** What is asked of DynamoDB itself. */
final class Tables {
    private static final Logger LOG = LoggerFactory.getLogger(Tables.class);

    private Tables() {}

    /** Says that there is no such stream; it is no error: an old one may be gone, and whoever started us knows. */
    static void tellIfGone(DynamoDbStreamsClient streams, String stream) {
        try {
            streams.describeStream(ask -> ask.streamArn(stream));
        } catch (ResourceNotFoundException none) {
            LOG.warn("There is no stream {} here, so there is nothing to read: is its ARN right?", stream);
        }
    }

    /** The ARN of a table's current stream. */
    static String latestStream(DynamoDbAsyncClient dynamodb, String table) {
        try {
            String arn = dynamodb.describeTable(ask -> ask.tableName(table)).join().table().latestStreamArn();
            if (arn == null) {
                throw new ConfigurationError("The table " + table + " has no stream: enable one.");
            }
            return arn;
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof ResourceNotFoundException) {
                throw new ConfigurationError("There is no table " + table + " here: is its name and the region right?");
            }
            if (failed.getCause() instanceof DynamoDbException refused && refused.statusCode() < 500) {
                throw new ConfigurationError("The table " + table + " cannot be asked: " + refused.getMessage());
            }
            throw failed;
        }
    }
}
