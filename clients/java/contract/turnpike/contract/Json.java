package turnpike.contract;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.DebugInfo;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON as files hold it and as protobuf writes it. */
final class Json {
  private static final JsonFormat.TypeRegistry DETAILS =
      JsonFormat.TypeRegistry.newBuilder()
          .add(ErrorInfo.getDescriptor())
          .add(BadRequest.getDescriptor())
          .add(RetryInfo.getDescriptor())
          .add(PreconditionFailure.getDescriptor())
          .add(QuotaFailure.getDescriptor())
          .add(RequestInfo.getDescriptor())
          .add(ResourceInfo.getDescriptor())
          .add(DebugInfo.getDescriptor())
          .add(Help.getDescriptor())
          .add(LocalizedMessage.getDescriptor())
          .build();

  private Json() {}

  static JsonElement read(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file));
  }

  static JsonElement of(Message message) throws Mismatch {
    try {
      return JsonParser.parseString(JsonFormat.printer().usingTypeRegistry(DETAILS).print(message));
    } catch (InvalidProtocolBufferException unwritable) {
      throw new Mismatch("cannot be written as JSON: " + unwritable.getMessage());
    }
  }

  /** Unknown fields are errors: what the contract says must be in the schema. */
  static Message message(Message prototype, JsonElement json) throws Mismatch {
    Message.Builder builder = prototype.newBuilderForType();
    try {
      JsonFormat.parser().usingTypeRegistry(DETAILS).merge(json.toString(), builder);
    } catch (InvalidProtocolBufferException unreadable) {
      throw new Mismatch("cannot be read from JSON: " + unreadable.getMessage());
    }
    return builder.build();
  }
}
