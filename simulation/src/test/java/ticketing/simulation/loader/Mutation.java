package ticketing.simulation.loader;

import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Removal of one protection. The class loader of the simulation adds it to the bytecode, behind a
/// test of [Mutant#active]. So one JVM runs the production code and all mutants.
///
/// @param edit change of the methods of the class
record Mutation(String className, Edit edit) {

  /// Change that has an effect while the mutant of this number is active.
  interface Edit {
    ClassTransform transform(int number, Runnable found);
  }

  /// Value that replaces the result of a call.
  sealed interface Value {
    /// No value, for a method without result.
    record Nothing() implements Value {}

    /// Null, a boolean (0 or 1) or another integer.
    record Constant(@Nullable Integer number) implements Value {}

    /// Collection or optional value without elements.
    record Empty() implements Value {}

    /// Receiver of the call, which has the type of the result.
    record Receiver() implements Value {}

    /// Constant of the enum that the method returns.
    record OfEnum(String name) implements Value {}
  }

  private static final int SCRIPT_PARAMETER = 2; // of CommandBatch.writeByScript

  static final Value NOTHING = new Value.Nothing();
  static final Value NULL = new Value.Constant(null);
  static final Value FALSE = new Value.Constant(0);
  static final Value TRUE = new Value.Constant(1);
  static final Value EMPTY = new Value.Empty();
  static final Value RECEIVER = new Value.Receiver();

  /// Replaces a part of the string constants of a class.
  static Mutation replaceText(String className, String text, String replacement) {
    return new Mutation(
        className,
        (number, found) ->
            ClassTransform.transformingMethodBodies((code, element) -> {
              if (contains(element, text)) {
                found.run();
                choose(
                    code,
                    number,
                    mutant -> with(mutant, element, text, replacement),
                    original -> original.with(element));
              } else {
                code.with(element);
              }
            }));
  }

  private static boolean contains(CodeElement element, String text) {
    return switch (element) {
      case ConstantInstruction constant ->
          constant.constantValue() instanceof String value && value.contains(text);
      case InvokeDynamicInstruction call ->
          call.bootstrapArgs().stream()
              .anyMatch(argument -> argument instanceof String value && value.contains(text));
      default -> false;
    };
  }

  private static void with(CodeBuilder code, CodeElement element, String text, String other) {
    switch (element) {
      case ConstantInstruction constant ->
          code.loadConstant(((String) constant.constantValue()).replace(text, other));
      case InvokeDynamicInstruction call ->
          code.invokedynamic(
              DynamicCallSiteDesc.of(
                  call.bootstrapMethod(),
                  call.name().stringValue(),
                  call.typeSymbol(),
                  call.bootstrapArgs().stream()
                      .map(argument ->
                          argument instanceof String value
                              ? (ConstantDesc) value.replace(text, other)
                              : argument)
                      .toArray(ConstantDesc[]::new)));
      default -> throw new IllegalArgumentException(element.toString());
    }
  }

  /// Replaces the calls of one method inside another one.
  ///
  /// @param caller method that contains the calls, directly or in a lambda
  /// @param called name of the called method, or its type and name such as `Queue.isEmpty`
  static Mutation replaceCall(String className, String caller, String called, Value result) {
    return new Mutation(
        className,
        (number, found) ->
            ClassTransform.transformingMethodBodies(
                method -> isNamed(method, caller),
                (code, element) -> {
                  if (element instanceof InvokeInstruction call && isOf(call, called)) {
                    found.run();
                    choose(
                        code,
                        number,
                        mutant -> replace(mutant, call, result),
                        original -> original.with(call));
                  } else {
                    code.with(element);
                  }
                }));
  }

  private static boolean isOf(InvokeInstruction call, String called) {
    String name = call.name().stringValue();
    return name.equals(called)
        || (call.owner().asInternalName() + "." + name).matches(".*[/$]" + Pattern.quote(called));
  }

  private static boolean isNamed(MethodModel method, String name) {
    String actual = method.methodName().stringValue();
    return actual.equals(name) || actual.startsWith("lambda$" + name + "$");
  }

  private static void replace(CodeBuilder code, InvokeInstruction call, Value result) {
    MethodTypeDesc type = call.typeSymbol();
    for (ClassDesc parameter : type.parameterList().reversed()) {
      if (TypeKind.from(parameter).slotSize() == 2) {
        code.pop2();
      } else {
        code.pop();
      }
    }
    if (call.opcode() != Opcode.INVOKESTATIC && !(result instanceof Value.Receiver)) {
      code.pop();
    }
    load(code, type.returnType(), result);
  }

  /// Replaces the result of a method; its body does not run.
  static Mutation replaceBody(String className, String method, Value result) {
    return prepend(
        className,
        method,
        (code, type) -> {
          load(code, type.returnType(), result);
          code.return_(TypeKind.from(type.returnType()));
        });
  }

  interface Prologue {
    void emit(CodeBuilder code, MethodTypeDesc type);
  }

  /// Runs code at the start of a method.
  static Mutation prepend(String className, String method, Prologue prologue) {
    return new Mutation(
        className,
        (number, found) ->
            (builder, element) -> {
              if (element instanceof MethodModel model && model.methodName().equalsString(method)) {
                found.run();
                builder.transformMethod(
                    model,
                    java.lang.classfile.MethodTransform.transformingCode(
                        new CodeTransform() {
                          @Override
                          public void accept(CodeBuilder code, CodeElement instruction) {
                            code.with(instruction);
                          }

                          @Override
                          public void atStart(CodeBuilder code) {
                            Label original = code.newLabel();
                            test(code, number, original);
                            prologue.emit(code, model.methodTypeSymbol());
                            code.labelBinding(original);
                          }
                        }));
              } else {
                builder.with(element);
              }
            });
  }

  /// Replaces a part of the scripts of Redis that write.
  static Mutation replaceScript(String text, String replacement) {
    return prepend(
        "ticketing.redis.CommandBatch",
        "writeByScript",
        (code, type) ->
            code.aload(SCRIPT_PARAMETER)
                .loadConstant(text)
                .loadConstant(replacement)
                .invokevirtual(
                    ConstantDescs.CD_String,
                    "replace",
                    MethodTypeDesc.ofDescriptor(
                        "(Ljava/lang/CharSequence;Ljava/lang/CharSequence;)Ljava/lang/String;"))
                .astore(SCRIPT_PARAMETER));
  }

  private static void choose(
      CodeBuilder code, int number, Consumer<CodeBuilder> mutant, Consumer<CodeBuilder> original) {
    Label otherwise = code.newLabel();
    Label end = code.newLabel();
    test(code, number, otherwise);
    mutant.accept(code);
    code.goto_(end);
    code.labelBinding(otherwise);
    original.accept(code);
    code.labelBinding(end);
  }

  private static void test(CodeBuilder code, int number, Label otherwise) {
    code.getstatic(
            ClassDesc.of("ticketing.simulation.loader.Mutant"), "active", ConstantDescs.CD_int)
        .loadConstant(number)
        .if_icmpne(otherwise);
  }

  private static void load(CodeBuilder code, ClassDesc type, Value value) {
    switch (value) {
      case Value.Nothing _, Value.Receiver _ -> {}
      case Value.Constant(Integer number) -> {
        if (number == null) {
          code.aconst_null();
        } else {
          code.loadConstant(number);
        }
      }
      case Value.Empty _ -> loadEmpty(code, type);
      case Value.OfEnum(String name) -> code.getstatic(type, name, type);
    }
  }

  private static void loadEmpty(CodeBuilder code, ClassDesc type) {
    switch (type.displayName()) {
      case "Optional" -> code.invokestatic(type, "empty", MethodTypeDesc.of(type));
      case "Collection", "List" -> loadNew(code, "java.util.ArrayList");
      case "Set" -> loadNew(code, "java.util.HashSet");
      case "Map" -> loadNew(code, "java.util.HashMap");
      default -> throw new IllegalArgumentException(type.displayName());
    }
  }

  private static void loadNew(CodeBuilder code, String className) {
    ClassDesc type = ClassDesc.of(className);
    code.new_(type)
        .dup()
        .invokespecial(type, ConstantDescs.INIT_NAME, MethodTypeDesc.of(ConstantDescs.CD_void));
  }
}
