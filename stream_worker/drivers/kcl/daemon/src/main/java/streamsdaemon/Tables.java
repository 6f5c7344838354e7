package streamsdaemon;

import java.util.concurrent.CompletionException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What is asked of DynamoDB itself. */
final class Tables {
    private Tables() {}

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
