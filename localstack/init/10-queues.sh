#!/bin/bash
# LocalStack runs this hook when it is ready. Creates the queues of terraform/queue.tf, without the policies
# against plain HTTP and other accounts.
set -euo pipefail
region=${AWS_DEFAULT_REGION:-ap-northeast-2}
create() {
  awslocal --region "$region" sqs create-queue --queue-name "$1" --attributes "$2" --query QueueUrl --output text
}

dead_letters=$(create ticketing-bookings-dlq '{
  "MessageRetentionPeriod": "1209600", "ReceiveMessageWaitTimeSeconds": "20", "VisibilityTimeout": "100",
  "SqsManagedSseEnabled": "true"}')
arn=$(awslocal --region "$region" sqs get-queue-attributes --queue-url "$dead_letters" \
  --attribute-names QueueArn --query Attributes.QueueArn --output text)
bookings=$(create ticketing-bookings "{
  \"MessageRetentionPeriod\": \"345600\", \"ReceiveMessageWaitTimeSeconds\": \"20\", \"VisibilityTimeout\": \"100\",
  \"SqsManagedSseEnabled\": \"true\",
  \"RedrivePolicy\": \"{\\\"deadLetterTargetArn\\\":\\\"$arn\\\",\\\"maxReceiveCount\\\":5}\"}")
awslocal --region "$region" sqs set-queue-attributes --queue-url "$dead_letters" --attributes "{
  \"RedriveAllowPolicy\": \"{\\\"redrivePermission\\\":\\\"byQueue\\\",\\\"sourceQueueArns\\\":[\\\"${arn%-dlq}\\\"]}\"}"
echo "created queues $bookings $dead_letters"
