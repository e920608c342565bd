package turnpike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.FieldMask;
import com.google.protobuf.util.FieldMaskUtil;
import com.google.protobuf.util.JsonFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import turnpike.v1.ScheduleTerms;

/** That what tools/ puts right in the generated code is right. */
final class GeneratedTest {
  @Test
  void aFieldNamedDescriptorHasAnotherNameInJavaOnly() throws Exception {
    ScheduleTerms terms = ScheduleTerms.newBuilder().setStatementDescriptor("TEA").build();
    assertEquals("TEA", terms.getStatementDescriptor());
    var field = ScheduleTerms.getDescriptor().findFieldByName("descriptor");
    assertEquals("TEA", terms.getField(field));
    assertEquals(ScheduleTerms.STATEMENT_DESCRIPTOR_FIELD_NUMBER, field.getNumber());
    assertEquals("{\"descriptor\":\"TEA\"}", compact(terms));
    ScheduleTerms.Builder read = ScheduleTerms.newBuilder();
    JsonFormat.parser().merge(compact(terms), read);
    assertEquals(terms, read.build());
    assertEquals(terms, ScheduleTerms.parseFrom(terms.toByteArray()));
    assertEquals("", read.clearStatementDescriptor().getStatementDescriptor());
    FieldMask mask = FieldMask.newBuilder().addPaths("descriptor").build();
    assertTrue(FieldMaskUtil.isValid(ScheduleTerms.class, mask));
  }

  private static String compact(ScheduleTerms terms) throws Exception {
    return JsonFormat.printer().omittingInsignificantWhitespace().print(terms);
  }

  @Test
  void theCommentsOfTheSchemaComeAlong() throws Exception {
    String money = Files.readString(Path.of("gen/turnpike/v1/Money.java"));
    assertTrue(money.contains("The amount in minor units of the currency"));
    String payments = Files.readString(Path.of("gen/turnpike/v1/PaymentServiceGrpc.java"));
    assertTrue(payments.contains("one request id moves money at most once"));
  }
}
