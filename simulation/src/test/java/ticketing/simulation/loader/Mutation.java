package ticketing.simulation.loader;

import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.concurrent.atomic.AtomicInteger;

/// Removal of one protection from the bytecode of one class. The main code contains no switch.
///
/// @param className class with the protection
/// @param transform change of its methods
/// @param changes number of changed places, to detect a mutation that no longer applies
public record Mutation(String className, ClassTransform transform, AtomicInteger changes) {

  /// Replaces a part of the string constants of a class.
  public static Mutation replaceText(String className, String text, String replacement) {
    AtomicInteger changes = new AtomicInteger();
    return new Mutation(
        className,
        ClassTransform.transformingMethodBodies(
            (code, element) -> replaceText(code, element, text, replacement, changes)),
        changes);
  }

  private static void replaceText(
      CodeBuilder code, CodeElement element, String text, String other, AtomicInteger changes) {
    switch (element) {
      case ConstantInstruction constant
          when constant.constantValue() instanceof String value && value.contains(text) -> {
        changes.incrementAndGet();
        code.loadConstant(value.replace(text, other));
      }
      case InvokeDynamicInstruction call
          when call.bootstrapArgs().stream()
              .anyMatch(argument -> argument instanceof String value && value.contains(text)) -> {
        changes.incrementAndGet();
        code.invokedynamic(
            DynamicCallSiteDesc.of(
                call.bootstrapMethod(),
                call.name().stringValue(),
                call.typeSymbol(),
                call.bootstrapArgs().stream()
                    .map(argument ->
                        argument instanceof String value ? value.replace(text, other) : argument)
                    .toArray(ConstantDesc[]::new)));
      }
      default -> code.with(element);
    }
  }

  /// Replaces the calls of one method inside another one by a constant result.
  ///
  /// @param caller method that contains the calls
  /// @param called name of the called method
  /// @param result `Boolean`, `Integer`, `String` or null; ignored for a method without result
  public static Mutation skipCall(String className, String caller, String called, Object result) {
    AtomicInteger changes = new AtomicInteger();
    return new Mutation(
        className,
        ClassTransform.transformingMethodBodies(
            method -> isNamed(method, caller),
            (code, element) -> {
              if (element instanceof InvokeInstruction call && call.name().equalsString(called)) {
                changes.incrementAndGet();
                skip(code, call, result);
              } else {
                code.with(element);
              }
            }),
        changes);
  }

  /// A lambda of a method belongs to it.
  private static boolean isNamed(MethodModel method, String name) {
    String actual = method.methodName().stringValue();
    return actual.equals(name) || actual.startsWith("lambda$" + name + "$");
  }

  private static void skip(CodeBuilder code, InvokeInstruction call, Object result) {
    MethodTypeDesc type = call.typeSymbol();
    for (ClassDesc parameter : type.parameterList().reversed()) {
      if (TypeKind.from(parameter).slotSize() == 2) {
        code.pop2();
      } else {
        code.pop();
      }
    }
    if (call.opcode() != java.lang.classfile.Opcode.INVOKESTATIC) {
      code.pop();
    }
    load(code, type.returnType(), result);
  }

  /// Replaces the body of a method by a constant result.
  public static Mutation returnConstant(String className, String method, Object result) {
    AtomicInteger changes = new AtomicInteger();
    return new Mutation(
        className,
        ClassTransform.transformingMethods(
            model -> model.methodName().equalsString(method),
            (builder, element) -> {
              if (element instanceof CodeModel body) {
                changes.incrementAndGet();
                ClassDesc type = body.parent().orElseThrow().methodTypeSymbol().returnType();
                builder.withCode(code -> {
                  load(code, type, result);
                  code.return_(TypeKind.from(type));
                });
              } else {
                builder.with(element);
              }
            }),
        changes);
  }

  private static void load(CodeBuilder code, ClassDesc type, Object result) {
    switch (TypeKind.from(type)) {
      case VOID -> {}
      case BOOLEAN -> code.loadConstant((Boolean) result ? 1 : 0);
      case INT, SHORT, BYTE, CHAR -> code.loadConstant((Integer) result);
      case LONG -> code.loadConstant((Long) result);
      case FLOAT, DOUBLE -> throw new IllegalArgumentException(type.displayName());
      case REFERENCE -> {
        if (result == EMPTY) {
          empty(code, type);
        } else if (result == null) {
          code.aconst_null();
        } else {
          code.loadConstant((String) result);
        }
      }
    }
  }

  /// Result of a collection or an optional value without elements.
  public static final Object EMPTY = new Object();

  private static void empty(CodeBuilder code, ClassDesc type) {
    switch (type.displayName()) {
      case "Optional" -> code.invokestatic(type, "empty", MethodTypeDesc.of(type));
      case "List", "Set", "Map" -> code.invokestatic(type, "of", MethodTypeDesc.of(type), true);
      default -> throw new IllegalArgumentException(type.displayName());
    }
  }
}
